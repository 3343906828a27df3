// The one place where text becomes elements (Trusted Types): what our own server has drawn, just fetched from this
// origin. The pages' policy lets no other script make such a policy, and refuses text anywhere else.
const policy = window.trustedTypes?.createPolicy("clearway", { createHTML: (html) => html });

const trusted = (html) => (policy ? policy.createHTML(html) : html);

// The first element of a fragment.
export function fragment(root, html) {
  const template = root.createElement("template");
  template.innerHTML = trusted(html.trim());
  return template.content.firstElementChild;
}

// A whole page; its scripts do not run.
export function page(html) {
  return new DOMParser().parseFromString(trusted(html), "text/html");
}
