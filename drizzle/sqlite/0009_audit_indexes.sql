CREATE INDEX `audit_events_action` ON `audit_events` (`action`);--> statement-breakpoint
CREATE INDEX `audit_events_outcome` ON `audit_events` (`outcome`);--> statement-breakpoint
CREATE INDEX `audit_events_request` ON `audit_events` (`request_id`) WHERE request_id is not null;--> statement-breakpoint
CREATE INDEX `audit_events_time` ON `audit_events` (`created_at`);--> statement-breakpoint
CREATE INDEX `closed_runs_identifier` ON `closed_runs` (`workspace_id`,`identifier`);