// A form with data-passkey asks the browser for a passkey, and is sent with what it answered. Where the browser cannot,
// such forms stay hidden, and [data-passkey-missing] stays.
(() => {
  const keys = window.PublicKeyCredential;
  if (!keys || !keys.parseRequestOptionsFromJSON || !keys.parseCreationOptionsFromJSON) return;
  let asking;

  async function optionsFor(form) {
    const password = form.elements.password;
    const reply = await fetch(form.dataset.options, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(password ? { password: password.value } : {}),
    });
    const said = await reply.json();
    if (!reply.ok) throw new Error(said.message);
    return said;
  }

  // With `mediation: 'conditional'` the browser offers passkeys where a name is typed, and nothing happens until one is chosen.
  async function ask(form, mediation) {
    const told = form.querySelector('[role=alert]');
    told.textContent = '';
    if (asking) asking.abort();
    const { signal } = (asking = new AbortController());
    try {
      const said = await optionsFor(form);
      const answer = form.dataset.passkey === 'create'
        ? await navigator.credentials.create({ publicKey: keys.parseCreationOptionsFromJSON(said), signal })
        : await navigator.credentials.get({ publicKey: keys.parseRequestOptionsFromJSON(said), signal, mediation });
      form.elements.credential.value = JSON.stringify(answer.toJSON());
      if (form.elements.password) form.elements.password.value = '';
      form.submit();
    } catch (error) {
      if (signal.aborted || mediation) return;
      told.textContent = {
        NotAllowedError: 'Nothing was done: it was cancelled, or took too long.',
        InvalidStateError: 'This device has a passkey for your account already.',
      }[error.name] || error.message;
    }
  }

  for (const form of document.querySelectorAll('form[data-passkey]')) {
    form.hidden = false;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      ask(form);
    });
  }
  for (const missing of document.querySelectorAll('[data-passkey-missing]')) missing.hidden = true;

  const signIn = document.querySelector('form[data-passkey=get]');
  if (signIn && document.querySelector('[autocomplete~=webauthn]') && keys.isConditionalMediationAvailable) {
    keys.isConditionalMediationAvailable().then((can) => can && ask(signIn, 'conditional'));
  }
})();
