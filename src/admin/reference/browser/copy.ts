/** Script of the buttons that copy an example, as text: it runs in a browser. Pages without a clipboard get no buttons. */
export const COPY = String.raw`
if (navigator.clipboard) {
  for (const figure of document.querySelectorAll('figure')) {
    const button = document.createElement('button')
    button.type = 'button'
    button.textContent = 'Copy'
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(figure.querySelector('code')?.textContent ?? '')
      button.textContent = 'Copied'
      setTimeout(() => (button.textContent = 'Copy'), 1500)
    })
    figure.querySelector('figcaption')?.append(button)
  }
}
`
