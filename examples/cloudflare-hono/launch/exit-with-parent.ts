/**
 * Loaded into wrangler's processes with `--import`: ends them when the process that started them is gone, however it went.
 * Without it a launcher killed by SIGKILL leaves wrangler and workerd behind.
 * @module
 */
const parent = process.ppid

setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM')
}, 500).unref()
