// Succeeds if this Node runs Vite and ESLint: 20.19, 22.13, 24 or later.
const [major, minor] = process.versions.node.split('.').map(Number)
const enough = major >= 24 || (major === 22 && minor >= 13) || (major === 20 && minor >= 19)
process.exit(enough ? 0 : 1)
