// Imported before a server: SIGUSR2 collects garbage, so that what is left is what connections need.
process.on('SIGUSR2', () => {
  globalThis.gc()
  globalThis.gc()
})
