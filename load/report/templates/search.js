const [wanted, said, facts, findings] =
    ["account", "said", "facts", "findings"].map((id) => document.getElementById(id));

function amount(units) {
    return (Number(units) / 10 ** DECIMALS).toLocaleString("en-US", {
        minimumFractionDigits: DECIMALS, maximumFractionDigits: DECIMALS,
    });
}

// All lines of a block that begin with the account and a tab; the blocks are too long to be cut up.
function linesOf(text, account) {
    const found = [], block = `\n${text}`, start = `\n${account}\t`;
    for (let at = block.indexOf(start); at >= 0; at = block.indexOf(start, at + 1)) {
        const end = block.indexOf("\n", at + 1);
        found.push(block.slice(at + 1, end < 0 ? undefined : end).split("\t"));
    }
    return found;
}

function cell(kind, text) {
    return Object.assign(document.createElement(kind), { textContent: text });
}

function row(cells) {
    const made = document.createElement("tr");
    made.append(...cells);
    return made;
}

function show() {
    const account = wanted.value.trim();
    const [known] = account ? linesOf(ACCOUNTS, account) : [];
    const wrong = account ? linesOf(FINDINGS, account) : [];
    facts.replaceChildren();
    findings.replaceChildren();
    if (!account) said.textContent = "";
    else if (!known && !wrong.length) said.textContent = `no account ${account}`;
    else said.textContent = `account ${account}: ${wrong.length} findings`;
    for (const [place, value] of (known || []).entries()) {
        if (value === "") continue;
        const text = FIELDS[place].startsWith("balance") ? amount(value) : value.replaceAll("_", " ");
        const name = cell("th", FIELDS[place]);
        name.scope = "row";
        facts.append(row([name, cell("td", text)]));
    }
    for (const [, what, table, reason, key] of wrong) {
        findings.append(row([what, table, reason.replaceAll("_", " "), key].map((text) => cell("td", text))));
    }
    document.getElementById("found").hidden = !known && !wrong.length;
    document.getElementById("wrong").hidden = !wrong.length;
}

function fromAddress() {
    const named = /^#account=(.+)$/.exec(decodeURIComponent(location.hash));
    if (!named) return;
    wanted.value = named[1];
    show();
    document.getElementById("search").scrollIntoView();
}

wanted.addEventListener("input", show);
addEventListener("hashchange", fromAddress);
fromAddress();
