//! Reads which file of a crate uses which, from the paths in its sources.
//!
//! Works on tokens, so that comments, strings and layout do not matter, and sees into macros. A name that a file
//! re-exports counts for the file that defines it. Tests inside a file are left out: they show how rooms work together.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};

/// A module's path from the crate's root: `["sandbox", "world"]`.
pub type Module = Vec<String>;

/// The files of a crate as modules, with what each uses.
pub struct Imports {
    /// The paths that a module names, from the crate's root.
    named: BTreeMap<Module, BTreeSet<Vec<String>>>,
    /// The names that a module makes its own with `use`, and what they stand for.
    renamed: BTreeMap<Module, BTreeMap<String, Vec<String>>>,
}

/// Returns the module of a file's path below `src`.
pub fn module_of(path: &str) -> Module {
    let path = path.strip_suffix(".rs").unwrap_or(path);
    let mut module: Module = path.split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|last| last == "lib" || last == "main") {
        module.pop();
    }
    module
}

impl Imports {
    /// Reads sources, each with its path below `src`.
    pub fn new<'s>(sources: impl IntoIterator<Item = (&'s str, &'s str)>) -> Self {
        let sources: Vec<(Module, Vec<TokenTree>)> =
            sources.into_iter().map(|(path, text)| (module_of(path), tokens(text))).collect();
        let modules: BTreeSet<Module> = sources.iter().map(|(module, _)| module.clone()).collect();
        let mut imports = Self { named: BTreeMap::new(), renamed: BTreeMap::new() };
        for (module, tokens) in &sources {
            imports.named.insert(module.clone(), BTreeSet::new());
            let mut reader = Reader { imports: &mut imports, modules: &modules, file: module, inner: module.clone() };
            reader.read(tokens);
        }
        imports
    }

    /// Returns the modules that a module uses, itself left out.
    pub fn used_by(&self, module: &Module) -> BTreeSet<Module> {
        let named = self.named.get(module).into_iter().flatten();
        named.filter_map(|path| self.home_of(path, 0)).filter(|used| used != module).collect()
    }

    /// Returns all modules.
    pub fn modules(&self) -> impl Iterator<Item = &Module> {
        self.named.keys()
    }

    /// Returns the module that defines what a path names.
    fn home_of(&self, path: &[String], depth: usize) -> Option<Module> {
        let length = (0..=path.len()).rev().find(|length| self.named.contains_key(&path[..*length]))?;
        let (module, rest) = path.split_at(length);
        let renamed = rest.first().and_then(|name| self.renamed.get(module)?.get(name));
        match renamed {
            Some(other) if depth < 8 && other.as_slice() != path => {
                self.home_of(&[other, &rest[1..]].concat(), depth + 1)
            }
            _ => Some(module.to_vec()),
        }
    }

    /// Returns the circles among modules: sets of two or more of which each uses each, directly or through others.
    ///
    /// A file and its folder are one to Rust: what a file defines is meant for the files in its folder, and that they use
    /// it makes no circle.
    pub fn circles(&self, is_among: impl Fn(&Module) -> bool) -> Vec<BTreeSet<Module>> {
        let modules: Vec<&Module> = self.modules().filter(|module| is_among(module)).collect();
        let reached: BTreeMap<&Module, BTreeSet<Module>> = modules
            .iter()
            .map(|start| {
                let (mut reached, mut open) = (BTreeSet::new(), vec![(*start).clone()]);
                while let Some(module) = open.pop() {
                    for used in self.used_by(&module) {
                        let contains = module.starts_with(&used);
                        if !contains && is_among(&used) && reached.insert(used.clone()) {
                            open.push(used);
                        }
                    }
                }
                (*start, reached)
            })
            .collect();
        let circle_of = |module: &Module| -> BTreeSet<Module> {
            reached[module].iter().filter(|other| reached[*other].contains(module)).cloned().collect()
        };
        let circles: BTreeSet<BTreeSet<Module>> =
            modules.iter().map(|module| circle_of(module)).filter(|circle| circle.len() > 1).collect();
        circles.into_iter().collect()
    }
}

/// Returns the tokens of a source.
pub fn tokens(text: &str) -> Vec<TokenTree> {
    let stream: TokenStream = text.parse().unwrap_or_else(|error| panic!("{error}: {text}"));
    stream.into_iter().collect()
}

fn is_word(token: Option<&TokenTree>, word: &str) -> bool {
    matches!(token, Some(TokenTree::Ident(name)) if *name == word)
}

fn is_sign(token: Option<&TokenTree>, sign: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
}

fn word_of(token: Option<&TokenTree>) -> Option<String> {
    match token {
        Some(TokenTree::Ident(name)) => Some(name.to_string()),
        _ => None,
    }
}

/// Returns `true` if `#` at a place begins `#[cfg(test)]`.
pub fn is_test_attribute(tokens: &[TokenTree], at: usize) -> bool {
    let Some(TokenTree::Group(group)) = tokens.get(at + 1) else { return false };
    is_sign(tokens.get(at), '#') && group.stream().to_string().replace(' ', "") == "cfg(test)"
}

/// Returns the place behind the item that begins at a place: behind its braces or its semicolon.
pub fn behind_item(tokens: &[TokenTree], mut at: usize) -> usize {
    while let Some(token) = tokens.get(at) {
        at += 1;
        let is_body = matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
        if is_body || is_sign(Some(token), ';') {
            break;
        }
    }
    at
}

/// Collects the paths of one file.
struct Reader<'i> {
    imports: &'i mut Imports,
    modules: &'i BTreeSet<Module>,
    file: &'i Module,
    /// The module at this place: the file's own, or one that stands in it.
    inner: Module,
}

impl Reader<'_> {
    fn read(&mut self, tokens: &[TokenTree]) {
        let mut at = 0;
        while at < tokens.len() {
            if is_test_attribute(tokens, at) {
                at = behind_item(tokens, at + 2);
                continue;
            }
            if is_word(tokens.get(at), "use") {
                let end = behind_item_of_use(tokens, at);
                for (path, name) in leaves(&tokens[at + 1..end]) {
                    if let Some(path) = self.absolute(&path) {
                        self.renamed(name, path);
                    }
                }
                at = end;
                continue;
            }
            // Who may see an item is not who uses what.
            if is_word(tokens.get(at), "pub") && matches!(tokens.get(at + 1), Some(TokenTree::Group(_))) {
                at += 2;
                continue;
            }
            let is_inline_module = is_word(tokens.get(at), "mod");
            if let (true, Some(name), Some(TokenTree::Group(body))) =
                (is_inline_module, word_of(tokens.get(at + 1)), tokens.get(at + 2))
            {
                self.inner.push(name);
                let body: Vec<TokenTree> = body.stream().into_iter().collect();
                self.read(&body);
                self.inner.pop();
                at += 3;
                continue;
            }
            match &tokens[at] {
                TokenTree::Group(group) => {
                    let inside: Vec<TokenTree> = group.stream().into_iter().collect();
                    self.read(&inside);
                    at += 1;
                }
                TokenTree::Ident(_) => {
                    let (path, end) = path_at(tokens, at);
                    if path.len() > 1
                        && let Some(path) = self.absolute(&path)
                    {
                        self.name(path);
                    }
                    at = end;
                }
                _ => at += 1,
            }
        }
    }

    fn name(&mut self, path: Vec<String>) {
        self.imports.named.entry(self.file.clone()).or_default().insert(path);
    }

    fn renamed(&mut self, name: String, path: Vec<String>) {
        let names = self.imports.renamed.entry(self.file.clone()).or_default();
        names.insert(name, path.clone());
        self.name(path);
    }

    /// Returns a path from the crate's root, if it leads into the crate at all.
    fn absolute(&self, path: &[String]) -> Option<Vec<String>> {
        let mut base = self.inner.clone();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => {
                base.clear();
                rest = &path[1..];
            }
            "self" => rest = &path[1..],
            "super" => {
                while rest.first().is_some_and(|word| word == "super") {
                    base.pop()?;
                    rest = &rest[1..];
                }
            }
            // A child of this module, named without `self`.
            first => {
                let child = [&base[..], &[first.to_owned()]].concat();
                if !self.modules.contains(&child) {
                    return None;
                }
            }
        }
        Some([&base[..], rest].concat())
    }
}

fn behind_item_of_use(tokens: &[TokenTree], at: usize) -> usize {
    (at..tokens.len()).find(|at| is_sign(tokens.get(*at), ';')).unwrap_or(tokens.len())
}

/// Reads `a::b::c` at a place; returns its words and the place behind.
fn path_at(tokens: &[TokenTree], mut at: usize) -> (Vec<String>, usize) {
    let mut path: Vec<String> = word_of(tokens.get(at)).into_iter().collect();
    at += 1;
    while is_sign(tokens.get(at), ':') && is_sign(tokens.get(at + 1), ':') {
        let Some(word) = word_of(tokens.get(at + 2)) else { break };
        path.push(word);
        at += 3;
    }
    (path, at)
}

/// Returns the leaves of a `use`: each with its whole path and the name that it gets.
fn leaves(tokens: &[TokenTree]) -> Vec<(Vec<String>, String)> {
    let mut found = Vec::new();
    for tree in tokens.split(|token| is_sign(Some(token), ',')) {
        if tree.is_empty() {
            continue;
        }
        let (mut path, mut at) = path_at(tree, 0);
        if is_sign(tree.get(at), ':') {
            at += 2;
        }
        match tree.get(at) {
            Some(TokenTree::Group(group)) => {
                let inside: Vec<TokenTree> = group.stream().into_iter().collect();
                found.extend(leaves(&inside).into_iter().map(|(leaf, name)| {
                    let leaf = if leaf == ["self"] { path.clone() } else { [&path[..], &leaf].concat() };
                    let name = if name == "self" { leaf.last().cloned().unwrap_or_default() } else { name };
                    (leaf, name)
                }));
            }
            Some(token) if is_sign(Some(token), '*') => found.push((path, "*".to_owned())),
            Some(_) => {
                let name = word_of(tree.get(at + 1)).unwrap_or_default();
                found.push((path, name));
            }
            None => {
                let name = path.last().cloned().unwrap_or_default();
                if name == "self" && path.len() > 1 {
                    path.pop();
                }
                found.push((path, name));
            }
        }
    }
    found
}
