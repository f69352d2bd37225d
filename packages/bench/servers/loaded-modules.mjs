// Prints the modules of Node that the import of a package loads, without those that Node needs for itself.
const before = new Set(process.moduleLoadList)
await import(process.argv[2])
const loaded = process.moduleLoadList
  .filter((name) => !before.has(name) && name.startsWith('NativeModule '))
  .map((name) => name.replace('NativeModule ', ''))
console.log(JSON.stringify(loaded.filter((name) => !name.startsWith('internal/')).toSorted()))
