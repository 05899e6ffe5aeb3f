ALTER TABLE `closed_runs` ADD `rule_value` text;--> statement-breakpoint
ALTER TABLE `revocation_counter` ADD `no_workspace_ref` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `revocation_counter` ADD `named_rules_until` integer;--> statement-breakpoint
ALTER TABLE `workspaces` ADD `ref` text DEFAULT '' NOT NULL;--> statement-breakpoint
UPDATE `workspaces` SET `ref` = lower(hex(randomblob(16)));--> statement-breakpoint
UPDATE `revocation_counter` SET `no_workspace_ref` = lower(hex(randomblob(16))), `named_rules_until` = 86460 + max(
	cast(strftime('%s', 'now') as integer),
	coalesce((SELECT `created_at` FROM `audit_events` ORDER BY `seq` DESC LIMIT 1), 0),
	coalesce((SELECT max(`created_at`) FROM `revocations`), 0)
);
