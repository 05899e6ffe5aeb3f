// The form of "Try it", which the script places into the card of an operation. Pure: no I/O.
import { html } from 'hono/html'
import type { Markup } from './schema.ts'

/** Inert until the script copies it: a page without the script shows no form that does nothing. */
export const tryIt = (): Markup =>
  html`<template id="try-it">
    <div class="try-it">
      <form autocomplete="off">
        <h4>Try it</h4>
        <p class="quiet">
          Sends a real request to this server, <code class="origin"></code>. The token stays in the
          memory of this page, until you forget it, leave the page or load it again.
        </p>
        <label
          >Token
          <input class="token" type="password" autocomplete="off" spellcheck="false" required
        /></label>
        <div class="inputs"></div>
        <p class="buttons">
          <button type="submit" class="send">Send</button>
          <button type="button" class="forget">Forget the token</button>
          <button type="button" class="close">Close</button>
        </p>
        <div class="answer" hidden>
          <p class="state" role="status"></p>
          <dl class="headers"></dl>
          <pre tabindex="0" role="region" aria-label="Body of the answer"><code
            class="content"
          ></code></pre>
        </div>
      </form>
      <dialog aria-labelledby="question">
        <p id="question" class="question"></p>
        <p class="buttons">
          <button type="button" class="cancel">Cancel</button>
          <button type="button" class="confirm">Send</button>
        </p>
      </dialog>
    </div>
  </template>`
