// The lint rules, and the house's floors: domain <- state <- ui, and net -> state.
// main.tsx alone joins them. A file that imports upwards fails `npm run check`.
import hooks from 'eslint-plugin-react-hooks'
import ts from 'typescript-eslint'

const floor = (name, patterns, extra = {}) => ({
  files: [`src/${name}/**/*.{ts,tsx}`],
  rules: { 'no-restricted-imports': ['error', { patterns }], ...extra },
})
const never = (group, message) => ({ group, message })

const REACT = never(['react', 'react-*', 'react/*'], 'React lives in src/ui only.')
const UI = never(
  ['**/ui/*', '**/ui', '**/main'],
  'src/ui is the top floor: nothing below knows it.',
)
const NET = never(['**/net/*', '**/net'], 'Only main.tsx joins src/net to the rest.')
const STATE = never(['**/state/*', '**/state'], 'src/domain is the lowest floor.')
const STORE = never(['zustand', 'zustand/*'], 'src/domain holds values and rules, no stores.')

const VANILLA = never(
  ['zustand/vanilla'],
  'src/state/store.ts makes stores, whose listeners are apart.',
)

// What makes a module impure: the page, the network, and clocks nobody passed in.
const IMPURE = [
  ...['window', 'document', 'navigator', 'localStorage', 'location', 'performance', 'fetch'],
  ...['WebSocket', 'setTimeout', 'setInterval', 'requestAnimationFrame'],
].map((name) => ({ name, message: 'src/domain is pure: pass it in as a value.' }))

export default ts.config(
  { ignores: ['node_modules', 'coverage'] },
  ...ts.configs.recommended,
  hooks.configs.flat.recommended,
  floor('domain', [REACT, UI, NET, STATE, STORE], {
    'no-restricted-globals': ['error', ...IMPURE],
    'no-restricted-properties': [
      'error',
      { object: 'Date', property: 'now', message: 'src/domain is pure: pass the time in.' },
      { object: 'Math', property: 'random', message: 'src/domain is pure: pass chance in.' },
    ],
  }),
  floor('state', [REACT, UI, NET, VANILLA]),
  { ...floor('state', [REACT, UI, NET]), files: ['src/state/store.ts'] },
  floor('net', [REACT, UI]),
  floor('ui', [NET], {
    'no-restricted-syntax': [
      'error',
      ...[
        'MemberExpression[object.name=/[eE]vent$/][property.name=/^(key|code|keyCode|which)$/]',
        'VariableDeclarator[init.name=/[eE]vent$/] > ObjectPattern > Property[key.name=/^(key|code|keyCode|which)$/]',
      ].map((selector) => ({ selector, message: 'Ask domain/keys.ts what a key means.' })),
    ],
  }),
  {
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'max-lines': ['error', { max: 300, skipBlankLines: false }],
      eqeqeq: 'error',
    },
  },
)
