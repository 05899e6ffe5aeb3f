CREATE TABLE `client_details` (
	`client_id` text NOT NULL,
	`position` integer NOT NULL,
	`type` text NOT NULL,
	`identifier` text NOT NULL,
	`entry` text NOT NULL,
	PRIMARY KEY(`client_id`, `position`),
	FOREIGN KEY (`client_id`) REFERENCES `clients`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `client_details_target` ON `client_details` (`type`,`identifier`);--> statement-breakpoint
CREATE TABLE `enrollments` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`hash` text NOT NULL,
	`workspace_id` text NOT NULL,
	`plugins` text NOT NULL,
	`grants` text NOT NULL,
	`details` text NOT NULL,
	`unused_after` integer,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`used_at` integer,
	`revoked_at` integer,
	`client_id` text,
	FOREIGN KEY (`workspace_id`) REFERENCES `workspaces`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`client_id`) REFERENCES `clients`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `enrollments_hash_unique` ON `enrollments` (`hash`);--> statement-breakpoint
CREATE INDEX `enrollments_workspace` ON `enrollments` (`workspace_id`);--> statement-breakpoint
CREATE INDEX `enrollments_expiry` ON `enrollments` (`expires_at`);--> statement-breakpoint
CREATE TABLE `resources` (
	`type` text NOT NULL,
	`id` text NOT NULL,
	`workspace_id` text NOT NULL,
	`parts` text NOT NULL,
	`status` text DEFAULT 'active' NOT NULL,
	`etag` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`type`, `id`),
	FOREIGN KEY (`workspace_id`) REFERENCES `workspaces`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `resources_workspace` ON `resources` (`workspace_id`);--> statement-breakpoint
ALTER TABLE `clients` ADD `registration_hash` text;--> statement-breakpoint
ALTER TABLE `clients` ADD `software_id` text;--> statement-breakpoint
ALTER TABLE `clients` ADD `unused_after` integer;