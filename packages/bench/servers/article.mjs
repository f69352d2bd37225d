/** About 1 KiB as JSON, which each server makes anew for each request. */
export const article = {
  id: 4711,
  title: 'How a rope is made',
  tags: ['hemp', 'ropewalk', 'strand', 'hawser'],
  published: true,
  length: 310.5,
  author: { name: 'A. Roper', address: { town: 'Chatham', country: 'United Kingdom' } },
  paragraphs: Array.from(
    { length: 8 },
    (_, at) =>
      `Paragraph ${at + 1}: yarns are drawn along the walk, and twisted into strands against each other.`,
  ),
}
