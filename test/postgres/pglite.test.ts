import { neonSuite } from './neon-suite.js'

neonSuite('PGlite', undefined)
