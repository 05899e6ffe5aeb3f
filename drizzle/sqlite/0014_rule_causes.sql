ALTER TABLE `revocations` ADD `workspace_id` text;--> statement-breakpoint
ALTER TABLE `revocations` ADD `created_by` text;--> statement-breakpoint
ALTER TABLE `revocations` ADD `action` text;--> statement-breakpoint
ALTER TABLE `revocations` ADD `request_id` text;