ALTER TABLE `enrollments` ADD `created_by` text REFERENCES clients(id);--> statement-breakpoint
ALTER TABLE `enrollments` ADD `created_by_generation` integer;