CREATE TABLE `closed_run_counts` (
	`workspace_id` text NOT NULL,
	`hour` integer NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`workspace_id`, `hour`)
);
--> statement-breakpoint
ALTER TABLE `clients` ADD `limited_by` text;