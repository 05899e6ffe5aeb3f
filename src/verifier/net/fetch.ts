// The type of what sends requests: the platform's `fetch`, or one of the application's own.

export type Fetch = (url: string, init: RequestInit) => Promise<Response>
