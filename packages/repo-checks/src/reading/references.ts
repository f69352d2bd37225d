import type { Source } from './source.ts'

/** A variable's name where the program uses it. */
export interface Reference {
  readonly name: string
  readonly start: number
}

/** Every identifier that stands for a variable: not the `now` of `clock.now`, nor the name of a member. */
export function referencesOf(source: Source): readonly Reference[] {
  const references: Reference[] = []
  /** Where names begin that are no variables, or are counted already. */
  const settled = new Set<number>()
  const nameOfMember = (node: {
    readonly computed: boolean
    readonly key: { readonly start: number }
  }): void => {
    if (!node.computed) settled.add(node.key.start)
  }
  source.visit({
    MemberExpression: (node) => {
      if (!node.computed) settled.add(node.property.start)
    },
    MethodDefinition: nameOfMember,
    TSAbstractMethodDefinition: nameOfMember,
    PropertyDefinition: nameOfMember,
    TSMethodSignature: nameOfMember,
    TSPropertySignature: nameOfMember,
    Property: (node) => {
      // In `{ process }` the one word is both the member and the variable.
      if (!node.shorthand) nameOfMember(node)
    },
    Identifier: (node) => {
      if (settled.has(node.start)) return
      settled.add(node.start)
      references.push({ name: node.name, start: node.start })
    },
  })
  return references
}
