#!/usr/bin/env node
import { run } from './run.ts'

const { exitCode, output, errors } = run(process.argv.slice(2), process.cwd())
process.stdout.write(output)
process.stderr.write(errors)
process.exitCode = exitCode
