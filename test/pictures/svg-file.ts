/** A picture as an SVG file, which GitHub shows in light and dark: without scripts, and with its style inside. */

export interface Picture {
  readonly title: string;
  /** For people who cannot see the picture; its lines are indented by four spaces. */
  readonly description: string;
  readonly width: number;
  readonly height: number;
  /** CSS, each line indented by four spaces. */
  readonly style: string;
  /** Elements, each indented by two spaces. */
  readonly parts: readonly string[];
}

/** The picture as a file, on the ground of the page: its style has a class `ground`. */
export function svgFile({ title, description, width, height, style, parts }: Picture): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title desc">
  <title id="title">${escapeXml(title)}</title>
  <desc id="desc">${escapeXml(description)}</desc>
  <style>
${style}
  </style>
  <rect class="ground" width="${width}" height="${height}"/>
${parts.join('\n')}
</svg>
`;
}

/** A coordinate, in tenths of a unit. */
export function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text of an element, or the value of an attribute in double quotes. */
export function escapeXml(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}
