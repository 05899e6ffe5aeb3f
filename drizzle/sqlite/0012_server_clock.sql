CREATE TABLE `server_clock` (
	`id` integer PRIMARY KEY NOT NULL,
	`settled_at` integer NOT NULL,
	`latest_at` integer NOT NULL,
	`gap` integer DEFAULT 0 NOT NULL,
	`gap_since` integer NOT NULL,
	`told_gap` integer DEFAULT 0 NOT NULL,
	`ticked_at` integer NOT NULL,
	`pruned_until` integer DEFAULT 0 NOT NULL
);
