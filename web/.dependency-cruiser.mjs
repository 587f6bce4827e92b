/*
 * Which file may import which: model <- store <- stores <- view <- app, features through their public files only, no cycle.
 * docs/architecture.md describes the layers; `npm run check` runs this, types included.
 */
const never = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to })

const FEATURE = '^src/features/([^/]+)/'
const MODEL = `${FEATURE}model/`
const STORE = `${FEATURE}store/`
/** What is no model and no store of a feature is its view. */
const VIEW = `${FEATURE}(?!model/|store/)`
/** A feature's own view files; its public ones lie beside `view/`, at the top of its folder. */
const PRIVATE = `${FEATURE}view/`
/** What shared code has besides pure values: React, the page, the network. */
const IMPURE_SHARED =
  '^src/shared/(ui/|store/|net/)|^\\.\\./packages/client/src/core/(connection|page|random)'
/** packages/client, seen from here. */
const CLIENT = '^\\.\\./packages/client/'

export default {
  forbidden: [
    never('no-cycle', 'No import cycles, types included.', {}, { circular: true }),
    never(
      'model-is-pure',
      'A model imports other models and pure shared code only.',
      { path: MODEL },
      { path: `^src/(app|stores)/|${STORE}|${VIEW}|${IMPURE_SHARED}|^node_modules/` },
    ),
    never(
      'store-knows-no-view',
      'A store knows no React and no page.',
      { path: `${STORE}|^src/shared/store/` },
      { path: `^src/(app|stores|shared/ui)/|${VIEW}|^node_modules/(?!zustand)` },
    ),
    never(
      'stores-know-no-view',
      'src/stores joins the stores of the features and gives views their hooks.',
      { path: '^src/stores/' },
      { path: `^src/app/|${VIEW}|^src/shared/ui/` },
    ),
    never(
      'views-know-no-app',
      'src/app is the top: nothing below knows it.',
      { path: '^src/(?!app/)' },
      { path: '^src/app/' },
    ),
    never(
      'features-are-private',
      'Of another feature a view imports the public files at the top of its folder, its model and its store.',
      { path: FEATURE },
      { path: PRIVATE, pathNot: '^src/features/$1/' },
    ),
    never(
      'app-uses-public-files',
      'src/app imports public files of features only.',
      { path: '^src/app/' },
      { path: PRIVATE },
    ),
    never(
      'shared-knows-no-feature',
      'Shared code knows no feature.',
      { path: '^src/shared/' },
      { path: '^src/(features|stores|app)/' },
    ),
    never(
      'client-knows-no-page',
      'packages/client imports its own files only.',
      { path: `${CLIENT}src/` },
      { pathNot: `${CLIENT}src/` },
    ),
    never(
      'client-core-is-the-floor',
      'In packages/client, core/ holds the rules; the channel is built on them.',
      { path: `${CLIENT}src/core/` },
      { pathNot: `${CLIENT}src/core/` },
    ),
    never(
      'react-in-views',
      'React lives in views, hooks and app.',
      {
        path: '^src/',
        pathNot: `^src/(app|shared/ui)/|^src/stores/hooks\\.ts$|${VIEW}`,
      },
      { path: '^node_modules/(@types/)?react' },
    ),
    never(
      'stores-are-made-in-one-file',
      'shared/store/store.ts makes stores, whose listeners are apart.',
      { path: '^src/', pathNot: '^src/shared/store/store\\.ts$' },
      { path: 'zustand/(esm/)?vanilla' },
    ),
  ],
  required: [
    {
      name: 'lives-are-written-once',
      comment:
        "How what is on the canvas begins and ends is in the client's core/lives.ts, for every state.",
      severity: 'error',
      module: {
        path: `${CLIENT}src/(canvas|core/messages)\\.ts$|^src/features/strokes/model/strokes\\.ts$`,
      },
      to: { path: `${CLIENT}src/core/lives\\.ts$` },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.tsx', '.js'] },
  },
}
