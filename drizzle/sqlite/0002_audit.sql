CREATE TABLE `audit_events` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`created_at` integer NOT NULL,
	`actor` text NOT NULL,
	`action` text NOT NULL,
	`target` text,
	`outcome` text NOT NULL,
	`reason` text,
	`request_id` text,
	`address` text,
	`count` integer DEFAULT 1 NOT NULL
);
--> statement-breakpoint
CREATE INDEX `audit_events_actor` ON `audit_events` (`actor`);--> statement-breakpoint
CREATE INDEX `audit_events_target` ON `audit_events` (`target`);--> statement-breakpoint
CREATE TABLE `audit_seals` (
	`last_seq` integer PRIMARY KEY NOT NULL,
	`first_seq` integer NOT NULL,
	`created_at` integer NOT NULL,
	`digests` text,
	`mac` text NOT NULL,
	`cut_mac` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `audit_seals_first_seq_unique` ON `audit_seals` (`first_seq`);--> statement-breakpoint
ALTER TABLE `client_secrets` ADD `last_used_at` integer;