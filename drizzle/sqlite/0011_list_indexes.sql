CREATE INDEX `audiences_age` ON `audiences` (`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `client_secrets_live` ON `client_secrets` (`client_id`,`expires_at`) WHERE revoked_at is null;--> statement-breakpoint
CREATE INDEX `clients_age` ON `clients` (`created_at`,`id`) WHERE status <> 'deleted';--> statement-breakpoint
CREATE INDEX `clients_workspace_age` ON `clients` (`workspace_id`,`created_at`,`id`) WHERE status <> 'deleted';--> statement-breakpoint
CREATE INDEX `clients_name` ON `clients` (`name`,`created_at`,`id`) WHERE status <> 'deleted';--> statement-breakpoint
CREATE INDEX `clients_unused` ON `clients` (`created_at`,`id`) WHERE status = 'active' and unused_after is not null;--> statement-breakpoint
CREATE INDEX `closed_runs_age` ON `closed_runs` (`created_at`,`value`);--> statement-breakpoint
CREATE INDEX `closed_runs_rule` ON `closed_runs` (`rule_value`);--> statement-breakpoint
CREATE INDEX `enrollments_age` ON `enrollments` (`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `enrollments_workspace_age` ON `enrollments` (`workspace_id`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `plugins_age` ON `plugins` (`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `resources_age` ON `resources` (`created_at`,`type`,`id`) WHERE status = 'active';--> statement-breakpoint
CREATE INDEX `resources_type_age` ON `resources` (`type`,`created_at`,`id`) WHERE status = 'active';--> statement-breakpoint
CREATE INDEX `resources_workspace_age` ON `resources` (`workspace_id`,`created_at`,`type`,`id`) WHERE status = 'active';--> statement-breakpoint
CREATE INDEX `resources_workspace_type_age` ON `resources` (`workspace_id`,`type`,`created_at`,`id`) WHERE status = 'active';--> statement-breakpoint
CREATE INDEX `revocations_rare_kind` ON `revocations` (`kind`) WHERE kind not in ('jti', 'run');--> statement-breakpoint
CREATE INDEX `workspaces_age` ON `workspaces` (`created_at`,`id`);