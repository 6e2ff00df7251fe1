// Style elements get their text through innerHTML (Mantine's way). The page's one Trusted Types
// policy lets text through that cannot be markup, and nothing else.
interface Factory {
  createPolicy(name: string, rules: { createHTML: (text: string) => string }): unknown;
}

const factory = (globalThis as { trustedTypes?: Factory }).trustedTypes;
factory?.createPolicy('default', {
  createHTML: (text) => {
    if (text.includes('<')) throw new TypeError('markup is never made from text here');
    return text;
  },
});

export {};
