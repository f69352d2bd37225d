import type { Node } from 'oxc-parser'
import type { Source, Stretch } from './source.ts'

/** A function or method with the name it is called by. */
export interface NamedFunction extends Stretch {
  readonly name: string
}

/** Every named function of a file: declarations, methods, and functions kept in a variable or a field. */
export function functionsOf(source: Source): readonly NamedFunction[] {
  const functions: NamedFunction[] = []
  const add = (name: Node | null, { start, end }: Stretch): void => {
    if (name?.type === 'Identifier') functions.push({ name: name.name, start, end })
    else if (name?.type === 'PrivateIdentifier') functions.push({ name: `#${name.name}`, start, end })
  }
  source.visit({
    FunctionDeclaration: (node) => add(node.id, node),
    MethodDefinition: (node) => add(node.key, node),
    VariableDeclarator: (node) => {
      if (isFunction(node.init)) add(node.id, node)
    },
    PropertyDefinition: (node) => {
      if (isFunction(node.value)) add(node.key, node)
    },
    Property: (node) => {
      if (isFunction(node.value)) add(node.key, node)
    },
  })
  return functions
}

function isFunction(node: Node | null): boolean {
  return node?.type === 'ArrowFunctionExpression' || node?.type === 'FunctionExpression'
}
