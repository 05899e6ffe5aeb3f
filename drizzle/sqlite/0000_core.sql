CREATE TABLE `assertions` (
	`unchanged` integer,
	`administrable` integer,
	`within_limit` integer,
	CONSTRAINT "unchanged" CHECK(unchanged = 1),
	CONSTRAINT "administrable" CHECK(administrable = 1),
	CONSTRAINT "within_limit" CHECK(within_limit = 1)
);
--> statement-breakpoint
CREATE TABLE `audiences` (
	`id` text PRIMARY KEY NOT NULL,
	`requires_plugin` integer DEFAULT false NOT NULL,
	`token_ttl` integer,
	`algorithm` text DEFAULT 'RS256' NOT NULL,
	`etag` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `client_grants` (
	`client_id` text NOT NULL,
	`audience_id` text NOT NULL,
	`permission` text NOT NULL,
	PRIMARY KEY(`client_id`, `audience_id`, `permission`),
	FOREIGN KEY (`client_id`) REFERENCES `clients`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`audience_id`,`permission`) REFERENCES `permissions`(`audience_id`,`name`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `client_grants_permission` ON `client_grants` (`audience_id`,`permission`);--> statement-breakpoint
CREATE TABLE `client_introspects` (
	`client_id` text NOT NULL,
	`audience_id` text NOT NULL,
	PRIMARY KEY(`client_id`, `audience_id`),
	FOREIGN KEY (`client_id`) REFERENCES `clients`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`audience_id`) REFERENCES `audiences`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `client_plugins` (
	`client_id` text NOT NULL,
	`plugin_id` text NOT NULL,
	PRIMARY KEY(`client_id`, `plugin_id`),
	FOREIGN KEY (`client_id`) REFERENCES `clients`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`plugin_id`) REFERENCES `plugins`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `client_plugins_plugin` ON `client_plugins` (`plugin_id`);--> statement-breakpoint
CREATE TABLE `client_secrets` (
	`id` text PRIMARY KEY NOT NULL,
	`client_id` text NOT NULL,
	`name` text,
	`hash` text NOT NULL,
	`hint` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`revoked_at` integer,
	FOREIGN KEY (`client_id`) REFERENCES `clients`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `client_secrets_client` ON `client_secrets` (`client_id`);--> statement-breakpoint
CREATE TABLE `clients` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`workspace_id` text,
	`status` text DEFAULT 'active' NOT NULL,
	`auth_method` text DEFAULT 'client_secret_basic' NOT NULL,
	`token_ttl` integer,
	`quota_per_minute` integer,
	`generation` integer DEFAULT 1 NOT NULL,
	`etag` text NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`workspace_id`) REFERENCES `workspaces`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `clients_workspace` ON `clients` (`workspace_id`);--> statement-breakpoint
CREATE TABLE `permissions` (
	`audience_id` text NOT NULL,
	`name` text NOT NULL,
	`position` integer NOT NULL,
	`implies` text NOT NULL,
	PRIMARY KEY(`audience_id`, `name`),
	FOREIGN KEY (`audience_id`) REFERENCES `audiences`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `plugins` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`trust` text DEFAULT 'restricted' NOT NULL,
	`capabilities` text NOT NULL,
	`snapshot` text,
	`generation` integer DEFAULT 1 NOT NULL,
	`etag` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `revocation_counter` (
	`id` integer PRIMARY KEY NOT NULL,
	`seq` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `revocations` (
	`seq` integer PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`value` text NOT NULL,
	`gen` integer,
	`client_id` text,
	`expires_at` integer,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `revocations_kind_value` ON `revocations` (`kind`,`value`);--> statement-breakpoint
CREATE INDEX `revocations_client` ON `revocations` (`client_id`);--> statement-breakpoint
CREATE TABLE `signing_keys` (
	`kid` text PRIMARY KEY NOT NULL,
	`algorithm` text NOT NULL,
	`state` text NOT NULL,
	`public_jwk` text NOT NULL,
	`private_jwe` text,
	`created_at` integer NOT NULL,
	`activated_at` integer,
	`revoked_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `signing_keys_one_active` ON `signing_keys` (`algorithm`) WHERE state = 'active';--> statement-breakpoint
CREATE UNIQUE INDEX `signing_keys_one_next` ON `signing_keys` (`algorithm`) WHERE state = 'next';--> statement-breakpoint
CREATE TABLE `workspaces` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`status` text DEFAULT 'active' NOT NULL,
	`generation` integer DEFAULT 1 NOT NULL,
	`etag` text NOT NULL,
	`created_at` integer NOT NULL
);
