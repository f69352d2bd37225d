// Builds the site into docs/site: every document, the reference of every public entry, and a search over both.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Application, Converter, KindRouter, PageEvent, ReflectionKind } from 'typedoc'

const root = fileURLToPath(new URL('../', import.meta.url))
const site = join(root, 'docs/site')
/** The packages of the reference. */
const PACKAGES = ['core', 'http', 'websocket', 'simulation']
/** The sections of the site in their order, and which documents each has. */
const SECTIONS = [
  ['Contents', /^docs\/README\.md$/],
  ['Tutorial', /^docs\/tutorial\//],
  ['Guide', /^docs\/guide\/(?!coming-from-)/],
  ['Coming from', /^docs\/(?:guide\/)?coming-from/],
  ['Operations', /^docs\/operations\//],
  ['Reference pages', /^(?:docs\/)?[\w-]+\.md$/],
  ['API reference', /^$/],
  ['Decisions', /^docs\/decisions\//],
]
/** The sections whose pages explain. */
const EXPLAINING = new Set(['Tutorial', 'Guide', 'Coming from', 'Operations'])
/** The languages of listings that get colours. Others are shown as they are. */
const HIGHLIGHTED = [
  'bash',
  'diff',
  'docker',
  'html',
  'ini',
  'javascript',
  'json',
  'nginx',
  'python',
  'typescript',
  'yaml',
]
/** Source files that documents link to. A browser would download them, so each becomes a page. */
const SOURCE_FILE = /\.(?:[cm]?[jt]s|py|sh|json|ya?ml|conf|cfg|service|socket|pem)$|\/[A-Z]\w+$/

const app = await Application.bootstrap({
  name: 'Ropewalk',
  out: site,
  cleanOutputDir: true,
  tsconfig: join(root, 'docs/tsconfig.json'),
  basePath: root,
  readme: join(root, 'README.md'),
  projectDocuments: documents().map((path) => join(root, path)),
  entryPoints: PACKAGES.flatMap(entries).map(({ path }) => path),
  alwaysCreateEntryPointModule: true,
  router: 'site',
  // The repository has no address that every reader can open.
  disableSources: true,
  excludePrivate: true,
  excludeExternals: true,
  hideGenerator: true,
  includeHierarchySummary: false,
  githubPages: false,
  // Names such as socket.io are not addresses.
  markdownItOptions: { html: true, linkify: false },
  highlightLanguages: HIGHLIGHTED,
  ignoredHighlightLanguages: plainLanguages(),
  searchInDocuments: true,
  searchInComments: true,
  searchGroupBoosts: boosts(),
  locales: { en: { kind_plural_module: 'API reference' } },
  groupOrder: [...SECTIONS.map(([name]) => name), '*'],
  navigation: { includeCategories: false, includeGroups: true, includeFolders: false },
  treatWarningsAsErrors: true,
  validation: {
    notExported: true,
    invalidLink: true,
    invalidPath: true,
    rewrittenLink: true,
    notDocumented: true,
    unusedMergeModuleWith: true,
  },
  requiredToBeDocumented: ['Module', 'Class', 'Function', 'Interface', 'TypeAlias', 'Variable', 'Method'],
})

app.renderer.defineRouter(
  'site',
  class extends KindRouter {
    /** The path of a document in the site is its path in the repository. */
    getIdealBaseName(reflection) {
      const path = reflection.isDocument() && reflection.project.files.getReflectionPath(reflection)
      return path ? pathInSite(relative(root, path)) : super.getIdealBaseName(reflection)
    }
  },
)

app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, page) => {
  const path = page.project.files.getReflectionPath(page)
  page.name = /^# (.+)$/m.exec(readFileSync(path, 'utf8'))?.[1].replaceAll('`', '') ?? basename(path)
  page.frontmatter.group = SECTIONS.find(([, paths]) => paths.test(relative(root, path)))?.[0]
  // A link to a folder leads to its README.
  if (basename(path) !== 'README.md') return
  const folder = path.slice(0, -'/README.md'.length)
  for (const link of [folder, `${folder}/`]) page.project.files.registerReflectionPath(link, page)
})

app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
  const specifiers = new Map(PACKAGES.flatMap(entries).map(({ path, specifier }) => [path, specifier]))
  for (const module of project.getChildrenByKind(ReflectionKind.Module))
    module.name = specifiers.get(project.files.getReflectionPath(module)) ?? module.name
})

app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project: { readme } }) => {
  // The page has the name of the project as its heading.
  readme[0].text = readme[0].text.replace(/^# .+\n/, '')
})

app.renderer.on(PageEvent.END, (page) => {
  page.contents = page.contents.replaceAll(/(href="(?:\.\.\/)*media\/[^"#]+)(?=["#])/g, (link) =>
    SOURCE_FILE.test(link) ? `${link}.html` : link,
  )
})

const project = await app.convert()
if (project === undefined) process.exitCode = 1
else {
  app.validate(project)
  await app.generateOutputs(project)
  showSourceFiles()
  if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exitCode = 1
}

/** The documents, in the order of the sections, and within a section in the order in which the indexes list them. */
function documents() {
  const folders = [
    'docs',
    'docs/tutorial',
    'docs/guide',
    'docs/coming-from',
    'docs/operations',
    'docs/decisions',
  ]
  const pages = folders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`))
    .filter((path) => path.endsWith('.md'))
  const indexes = ['docs/README.md', 'README.md'].filter((path) => existsSync(join(root, path)))
  const index = indexes.map((path) => readFileSync(join(root, path), 'utf8')).join('')
  const sectionOf = (path) => SECTIONS.findIndex(([, paths]) => paths.test(path))
  const placeOf = (path) => {
    const place = index.indexOf(`${path.replace(/^docs\//, '')})`)
    if (path.endsWith('/README.md')) return -1
    return place === -1 ? Infinity : place
  }
  return [...pages, 'CONTRIBUTING.md', 'SECURITY.md']
    .map((path) => ({ path, section: sectionOf(path), place: placeOf(path) }))
    .toSorted((a, b) => a.section - b.section || compare(a.place, b.place) || compareNames(a.path, b.path))
    .map(({ path }) => path)
}

function compare(a, b) {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** `2-shared-state.md` is before `10-deployment.md`. */
function compareNames(a, b) {
  return a.localeCompare(b, 'en', { numeric: true })
}

/** The languages of listings that get no colours. */
function plainLanguages() {
  const texts = documents().map((path) => readFileSync(join(root, path), 'utf8'))
  const languages = texts.flatMap((text) =>
    Array.from(text.matchAll(/^ *```(\S+)/gm), ([, language]) => language),
  )
  return [...new Set(languages)].filter((language) => ![...HIGHLIGHTED, 'js', 'ts', 'sh'].includes(language))
}

/** Weights of the sections that explain, so that a search lists their pages before the reference. */
function boosts() {
  const paths = documents()
  const used = SECTIONS.filter(
    ([name, pattern]) => EXPLAINING.has(name) && paths.some((path) => pattern.test(path)),
  )
  return Object.fromEntries(used.map(([name]) => [name, 50]))
}

/** The public entries of a package: the file, and the name under which a program imports it. */
function entries(name) {
  const folder = join(root, 'packages', name)
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return Object.entries(exports)
    .filter(([, path]) => typeof path === 'string' && path.endsWith('.ts'))
    .map(([entry, path]) => ({ path: join(folder, path), specifier: join('@ropewalk', name, entry) }))
}

/** `docs/guide/tls.md` is `guide/tls`, and `docs/decisions/README.md` is `decisions/index`. */
function pathInSite(path) {
  return path
    .replace(/^docs\//, '')
    .replace(/\.md$/, '')
    .replace(/^README$/, 'contents')
    .replace(/README$/, 'index')
}

/** Replaces the copies of source files by pages that show them. */
function showSourceFiles() {
  const media = join(site, 'media')
  for (const name of readdirSync(media).filter((file) => SOURCE_FILE.test(`/${file}`))) {
    const text = readFileSync(join(media, name), 'utf8').replaceAll('&', '&amp;').replaceAll('<', '&lt;')
    const head = `<!doctype html><html lang="en"><meta charset="utf-8"><title>${name}</title>`
    const style = '<style>:root { color-scheme: light dark }</style>'
    writeFileSync(join(media, `${name}.html`), `${head}${style}<h1>${name}</h1><pre>${text}</pre></html>\n`)
    rmSync(join(media, name))
  }
}
