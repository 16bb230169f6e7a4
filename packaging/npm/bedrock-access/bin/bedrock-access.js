#!/usr/bin/env node
// Starts the binary that npm installed for this platform, and exits as it exits. Downloads nothing.
"use strict";

const { spawn } = require("node:child_process");
const { constants } = require("node:os");

// Returns "glibc" or "musl" on Linux, where npm has one package for each.
function libc() {
  if (process.platform !== "linux") return "";
  const report = process.report?.getReport();
  return report?.header?.glibcVersionRuntime ? "" : "-musl";
}

function binary() {
  const name = `bedrock-access-${process.platform}-${process.arch}${libc()}`;
  const file = process.platform === "win32" ? "bedrock-access.exe" : "bedrock-access";
  try {
    return require.resolve(`${name}/${file}`);
  } catch {
    console.error(`bedrock-access: the package \`${name}\` is not installed`);
    console.error("hint: reinstall with optional dependencies (npm install --include=optional), or use another way:");
    console.error("hint: pip install bedrock-access, cargo install --locked bedrock-access");
    process.exit(126);
  }
}

const child = spawn(binary(), process.argv.slice(2), { stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  // The terminal sends the signal to the child too; it decides how to end.
  process.on(signal, () => child.kill(signal));
}
child.on("error", (error) => {
  console.error(`bedrock-access: ${error.message}`);
  process.exit(126);
});
child.on("exit", (code, signal) => {
  process.exit(signal ? 128 + (constants.signals[signal] ?? 0) : code);
});
