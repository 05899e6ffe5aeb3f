CREATE INDEX `client_secrets_hash` ON `client_secrets` (`hash`);--> statement-breakpoint
CREATE INDEX `clients_registration_hash` ON `clients` (`registration_hash`);