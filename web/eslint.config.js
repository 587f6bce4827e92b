// The lint rules. Which file may import which is in .dependency-cruiser.mjs.
import hooks from 'eslint-plugin-react-hooks'
import ts from 'typescript-eslint'

// Pure code: models, and the shared code that models use.
const PURE = [
  'src/features/*/model/**/*.ts',
  'src/shared/text/**/*.ts',
  'src/shared/keys/**/*.ts',
  'src/shared/i18n/**/*.ts',
  'src/shared/{palette,throttle}.ts',
]
// What makes a module impure: the page, the network, and clocks that nobody passed in.
const BROWSER = ['window', 'document', 'navigator', 'location']
const IMPURE = [
  ...BROWSER,
  ...['localStorage', 'performance', 'fetch', 'WebSocket'],
  ...['setTimeout', 'setInterval', 'requestAnimationFrame'],
].map((name) => ({ name, message: 'A model is pure: pass it in as a value.' }))

const PURE_RULES = {
  'no-restricted-globals': ['error', ...IMPURE],
  'no-restricted-properties': [
    'error',
    { object: 'Date', property: 'now', message: 'A model is pure: pass the time in.' },
    { object: 'Math', property: 'random', message: 'A model is pure: pass chance in.' },
  ],
}

const TOP = ':matches(Program, Program > ExportNamedDeclaration)'
const MUTABLE = [
  `${TOP} > VariableDeclaration[kind="let"]`,
  `${TOP} > VariableDeclaration > VariableDeclarator > NewExpression[callee.name=/^(Weak)?(Map|Set)$/][arguments.length=0]`,
].map((selector) => ({ selector, message: 'A model holds no state: keep it in a store.' }))

const EVERYWHERE = {
  '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
  'max-lines': ['error', { max: 300, skipBlankLines: false }],
  eqeqeq: 'error',
}

/** In packages/client: what has timers, chance or the network. */
const IMPURE_CORE = ['src/core/{connection,page,random,refusal,throttle,asking,repeat,culling}.ts']

export default ts.config(
  { ignores: ['node_modules', 'coverage'] },
  ...ts.configs.recommended,
  hooks.configs.flat.recommended,
  {
    files: PURE,
    rules: PURE_RULES,
  },
  {
    files: ['src/features/*/model/**/*.ts', 'src/shared/text/**/*.ts', 'src/shared/keys/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', ...MUTABLE] },
  },
  {
    files: ['src/features/*/store/**/*.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['window', 'document', 'navigator'].map((name) => ({
          name,
          message: 'A store does not know the page: pass it in (shared/store/deps.ts).',
        })),
      ],
    },
  },
  {
    files: [
      'src/app/**',
      'src/shared/ui/**',
      'src/features/*/*.{ts,tsx}',
      'src/features/*/view/**',
    ],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...[
          'MemberExpression[object.name=/[eE]vent$/][property.name=/^(key|code|keyCode|which)$/]',
          'VariableDeclarator[init.name=/[eE]vent$/] > ObjectPattern > Property[key.name=/^(key|code|keyCode|which)$/]',
        ].map((selector) => ({ selector, message: 'Ask shared/keys/keys.ts what a key means.' })),
      ],
    },
  },
  { rules: EVERYWHERE },
)

/** For packages/client: the rules of the protocol are pure, and nothing needs a page. */
export const CLIENT = ts.config(
  { ignores: ['dist', 'src/core/wire.ts'] },
  ...ts.configs.recommended,
  {
    files: ['src/**/*.ts'],
    ignores: ['src/core/page.ts'],
    rules: { 'no-restricted-globals': ['error', ...BROWSER] },
  },
  { files: ['src/core/*.ts'], ignores: IMPURE_CORE, rules: PURE_RULES },
  { rules: EVERYWHERE },
)
