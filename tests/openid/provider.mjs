// An independent OpenID provider for the tests: panva's oidc-provider, certified by the OpenID Foundation, in a
// process of its own. Nothing of Clearway is in it but what a trust would enter there.
//
//   node provider.mjs '{"port": 9000, "client": {...}, "people": {"jo": {"name": "Jo Osei", ...}}}'
//
// A person signs in by typing a name of `people`, with an acr; there are no passwords. Says "ready" when it listens.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const { port, client, people } = JSON.parse(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;

const provider = new Provider(issuer, {
  clients: [client],
  acrValues: ["AAL1_USERPASS", "AAL2_ANY", "AAL3_ANY"],
  claims: {
    openid: ["sub"],
    profile: ["name"],
    roles: ["nhsid_nrbac_roles", "groups"],
  },
  scopes: ["openid", "profile", "roles"],
  cookies: { keys: ["only for tests"] },
  features: {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: { enabled: true },
  },
  pkce: { required: () => true },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  // By itself it tells nothing to this machine's own addresses; in the tests nothing is anywhere else.
  fetch: (address, options) => {
    delete options.dispatcher;
    return globalThis.fetch(address, options);
  },
  ttl: { Session: 3600, Grant: 3600, Interaction: 600, IdToken: 300, AccessToken: 300 },
  async findAccount(_, sub) {
    return people[sub] && { accountId: sub, claims: async () => ({ sub, ...people[sub] }) };
  },
  async loadExistingGrant(ctx) {
    // The trust has agreed for its people: nobody is asked for consent.
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId,
      accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope("openid profile roles");
    await grant.save();
    return grant;
  },
});

const PAGE = `<!doctype html><html lang="en"><title>Trust sign-in</title><h1>Trust sign-in</h1><form method="post">
<label>Name <input name="login" autofocus></label><label>Strength <input name="acr" value="AAL3_ANY"></label>
<button>Continue</button></form></html>`;

async function interact(request, response) {
  if (request.method !== "POST") {
    await provider.interactionDetails(request, response);
    response.setHeader("content-type", "text/html").end(PAGE);
    return;
  }
  let body = "";
  for await (const part of request) body += part;
  const typed = new URLSearchParams(body);
  const login = typed.get("login");
  const result = people[login]
    ? { login: { accountId: login, acr: typed.get("acr") } }
    : { error: "access_denied" };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

const serve = provider.callback();
createServer((request, response) => {
  if (request.url.startsWith("/interaction/")) {
    interact(request, response).catch((problem) => response.writeHead(400).end(problem.message));
  } else {
    serve(request, response);
  }
}).listen(port, "127.0.0.1", () => console.log("ready"));
