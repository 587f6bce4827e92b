// An app that takes single keys, at the window and before everything else, as many apps do.
const log = document.getElementById('log')
let selected = 0

function select(step) {
  const cards = [...document.querySelectorAll('.card')]
  selected = (selected + step + cards.length) % cards.length
  for (const [number, card] of cards.entries()) card.setAttribute('aria-selected', number === selected)
}

window.pressed = []
document.addEventListener(
  'keydown',
  (event) => {
    window.pressed.push(event.key)
    if (event.key === 'j') select(1)
    if (event.key === 'k') select(-1)
    if (event.key === 'n') {
      const card = document.createElement('div')
      card.className = 'card'
      card.textContent = 'A new card'
      document.querySelector('.list').append(card)
    }
    log.textContent = `pressed ${event.key}`
  },
  true,
)

window.clicked = []
document.addEventListener('click', (event) => {
  window.clicked.push(event.target.textContent)
  const view = event.target.dataset.view
  if (!view) return
  event.preventDefault()
  // A single-page app: another address, and other content, without a load.
  history.pushState(null, '', `${location.pathname.replace(/[^/]*$/, '')}${view === 'board' ? 'app.html' : view}`)
})
