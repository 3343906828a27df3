// Passkeys: hand the browser what the server asks, put its answer into the form, and send that.
const form = document.querySelector("form[data-passkey]");

const bytes = (text) => {
  const padded = text.replace(/-/g, "+").replace(/_/g, "/").padEnd(Math.ceil(text.length / 4) * 4, "=");
  return Uint8Array.from(atob(padded), (letter) => letter.charCodeAt(0));
};
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");
const listed = (credentials = []) => credentials.map((each) => ({ ...each, id: bytes(each.id) }));

const ask = (kind, options) =>
  kind === "make"
    ? navigator.credentials.create({
        publicKey: {
          ...options,
          challenge: bytes(options.challenge),
          user: { ...options.user, id: bytes(options.user.id) },
          excludeCredentials: listed(options.excludeCredentials),
        },
      })
    : navigator.credentials.get({
        publicKey: {
          ...options,
          challenge: bytes(options.challenge),
          allowCredentials: listed(options.allowCredentials),
        },
      });

const answerOf = ({ id, rawId, type, response }) => {
  const said = { clientDataJSON: text(response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) said[name] = text(response[name]);
  }
  return JSON.stringify({ id, rawId: text(rawId), type, response: said, clientExtensionResults: {} });
};

const say = (words) => {
  const place = form.querySelector("[data-said]");
  place.textContent = words;
  place.hidden = !words;
};

const start = async () => {
  say("");
  try {
    const given = await ask(form.dataset.passkey, JSON.parse(form.dataset.options));
    form.elements.answer.value = answerOf(given);
    form.submit();
  } catch (problem) {
    say(
      problem.name === "InvalidStateError"
        ? "This device has a passkey for your account already."
        : "The device did not answer, or you cancelled. Press the button to try again.",
    );
  }
};

if (form) {
  const button = form.querySelector("button[data-start]");
  if (window.PublicKeyCredential) {
    button.disabled = false;
    if (form.dataset.passkey === "use") button.focus();
    button.addEventListener("click", (event) => {
      event.preventDefault();
      if (form.reportValidity()) start();
    });
  } else {
    say("This browser knows no passkeys, or the address is not safe (https).");
  }
}
