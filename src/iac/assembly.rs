//! A cloud assembly of the CDK (`cdk.out`): where each stack is deployed, and which file an asset is.
//!
//! Takes the texts of `manifest.json` and of the `*.assets.json` beside it, as the CDK's cloud assembly schema has them;
//! what it does not find in them stays unknown.

use super::settings::Settings;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Component, Path};

/// What the manifests of one folder tell.
#[derive(Clone, Debug, Default)]
pub struct Assembly {
    /// Account and Region of each template, where the stack has them.
    environments: BTreeMap<String, (Option<String>, Option<String>)>,
    /// The file of each asset, by the asset's id.
    assets: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    artifacts: BTreeMap<String, Artifact>,
}

#[derive(Deserialize)]
struct Artifact {
    #[serde(default)]
    environment: Option<String>,
    #[serde(default)]
    properties: Properties,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    #[serde(default)]
    template_file: Option<String>,
}

#[derive(Deserialize)]
struct Assets {
    #[serde(default)]
    files: BTreeMap<String, Asset>,
}

#[derive(Deserialize)]
struct Asset {
    #[serde(default)]
    source: Source,
}

#[derive(Default, Deserialize)]
struct Source {
    #[serde(default)]
    path: Option<String>,
}

impl Assembly {
    /// Adds what `manifest.json` tells; a text of another form tells nothing.
    pub fn add_manifest(&mut self, text: &str) {
        let Ok(manifest) = serde_json::from_str::<Manifest>(text) else { return };
        for artifact in manifest.artifacts.into_values() {
            let (Some(template), Some(environment)) = (artifact.properties.template_file, artifact.environment) else {
                continue;
            };
            // `aws://ACCOUNT/REGION`, with `unknown-account` and `unknown-region` where the stack has none.
            let Some((account, region)) = environment.strip_prefix("aws://").and_then(|rest| rest.split_once('/'))
            else {
                continue;
            };
            let known = |text: &str| (!text.starts_with("unknown-")).then(|| text.to_owned());
            self.environments.insert(template, (known(account), known(region)));
        }
    }

    /// Adds what an `*.assets.json` tells; a text of another form tells nothing.
    pub fn add_assets(&mut self, text: &str) {
        let Ok(assets) = serde_json::from_str::<Assets>(text) else { return };
        let paths = assets.files.into_iter().filter_map(|(id, asset)| Some((id, asset.source.path?)));
        self.assets.extend(paths.filter(|(_, path)| is_inside(path)));
    }

    /// Returns the settings for a template of the folder: what is given wins over what its stack says.
    #[must_use]
    pub fn settings(&self, template: &str, given: &Settings) -> Settings {
        let mut settings = given.clone();
        if let Some((account, region)) = self.environments.get(template) {
            settings.account = settings.account.or_else(|| account.clone());
            settings.region = settings.region.or_else(|| region.clone());
        }
        settings
    }

    /// Returns the file of an asset, relative to the folder.
    #[must_use]
    pub fn asset(&self, id: &str) -> Option<&str> {
        self.assets.get(id).map(String::as_str)
    }
}

/// Returns `true` if a path leads to a file of the folder itself.
pub(super) fn is_inside(path: &str) -> bool {
    Path::new(path).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}
