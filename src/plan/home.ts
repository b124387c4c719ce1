/** `~` and `$HOME` become the home; everything else is left as it is. (LAY-61) */
export function expandHome(text: string, home: string): string {
  return text.replace(/^~(?=\/|$)/, () => home).replace(/\$(HOME(?![A-Za-z0-9_])|\{HOME\})/g, () => home)
}
