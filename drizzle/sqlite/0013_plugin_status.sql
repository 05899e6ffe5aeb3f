DROP INDEX `plugins_age`;--> statement-breakpoint
ALTER TABLE `plugins` ADD `status` text DEFAULT 'active' NOT NULL;--> statement-breakpoint
CREATE INDEX `plugins_age` ON `plugins` (`created_at`,`id`) WHERE status <> 'deleted';