// The type of the function that sends requests: the platform's `fetch`, or one of the application.

export type Fetch = (url: string, init: RequestInit) => Promise<Response>
