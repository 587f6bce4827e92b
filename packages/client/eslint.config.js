// The rules are with those of the page, whose node_modules has the plugins.
export { CLIENT as default } from '../../web/eslint.config.js'
