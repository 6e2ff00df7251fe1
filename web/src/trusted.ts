// The one Trusted Types policy: the library writes its style sheets through innerHTML. A text that
// holds a `<` could make an element, so it is refused; nothing is ever made a script.
interface Factory {
  createPolicy: (name: string, rules: { createHTML: (text: string) => string | null }) => unknown;
}
const factory = (globalThis as { trustedTypes?: Factory }).trustedTypes;
factory?.createPolicy('default', { createHTML: (text) => (text.includes('<') ? null : text) });
