// Imports the package that is its argument, and ends. Without an argument: the time that Node itself takes.
const [, , name] = process.argv
if (name !== undefined) await import(name)
