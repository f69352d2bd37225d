/** Runs in a page: whether its background is light or dark, and the text with the least contrast (WCAG 2.2 §1.4.3). */
globalThis.leastContrast = () => {
  const channels = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number)
  const luminance = (colour) => {
    const [red = 0, green = 0, blue = 0] = channels(colour).map((value) => {
      const part = value / 255
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const backgroundOf = (element) => {
    if (element === null) return 'rgb(255, 255, 255)'
    const { backgroundColor } = getComputedStyle(element)
    return (channels(backgroundColor)[3] ?? 1) === 1 ? backgroundColor : backgroundOf(element.parentElement)
  }
  let least = { ratio: 21, text: '' }
  for (const element of document.querySelectorAll('body *')) {
    const own = Array.from(element.childNodes).some(
      (node) => node.nodeType === 3 && node.nodeValue?.trim() !== '',
    )
    if (!own && !(element instanceof HTMLInputElement)) continue
    const tones = [luminance(getComputedStyle(element).color), luminance(backgroundOf(element))]
    const ratio = (Math.max(...tones) + 0.05) / (Math.min(...tones) + 0.05)
    if (ratio < least.ratio) least = { ratio, text: element.textContent ?? '' }
  }
  return { background: luminance(backgroundOf(document.body)) > 0.5 ? 'light' : 'dark', least }
}
