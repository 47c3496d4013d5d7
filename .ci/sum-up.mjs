// Adds up the runners' reports and the gates; the exit code says whether anything failed.
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'

const [folder, passedGates, failedGates] = process.argv.slice(2)
let passed = Number(passedGates)
let failed = Number(failedGates)
for (const file of readdirSync(folder)) {
  const report = JSON.parse(readFileSync(path.join(folder, file), 'utf8'))
  passed += report.numPassedTests
  // A file that fails to load has no failed test of its own.
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  )
  const unrun = report.numPendingTests + report.numTodoTests
  failed += report.numFailedTests + broken.length + unrun
  console.log(
    `${path.basename(file, '.json')}: ${report.numPassedTests} passed, ${report.numFailedTests} failed, ${broken.length} files broken, ${unrun} skipped`,
  )
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed > 0 || passed === 0 ? 1 : 0)
