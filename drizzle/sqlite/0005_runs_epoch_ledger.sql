CREATE TABLE `closed_runs` (
	`value` text PRIMARY KEY NOT NULL,
	`workspace_id` text,
	`identifier` text NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`workspace_id`) REFERENCES `workspaces`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `closed_runs_workspace` ON `closed_runs` (`workspace_id`,`created_at`,`value`);--> statement-breakpoint
ALTER TABLE `clients` ADD `ledger` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `revocation_counter` ADD `epoch` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `revocation_counter` ADD `pruned_seq` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `signing_keys` ADD `retired_at` integer;--> statement-breakpoint
UPDATE `revocation_counter` SET `epoch` = lower(hex(randomblob(12)));
