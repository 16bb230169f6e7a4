//! Regions and the partitions they belong to.
//!
//! Only the form of a Region's name is checked: new Regions appear, and whether one has a Bedrock endpoint is
//! for the endpoint to say.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The name of an AWS Region, such as `us-west-2`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region(String);

/// A text that cannot be a Region's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionError(String);

impl fmt::Display for RegionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a Region's name, which looks like `us-west-2`", self.0)
    }
}

impl std::error::Error for RegionError {}

impl Region {
    /// Returns the Region's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the partition that the name's beginning tells (AWS General Reference, "Partitions").
    #[must_use]
    pub fn partition(&self) -> Partition {
        let starts = |prefix: &str| self.0.starts_with(prefix);
        if starts("us-gov-") {
            Partition("aws-us-gov")
        } else if starts("cn-") {
            Partition("aws-cn")
        } else if starts("us-isob-") {
            Partition("aws-iso-b")
        } else if starts("us-isof-") {
            Partition("aws-iso-f")
        } else if starts("eu-isoe-") {
            Partition("aws-iso-e")
        } else if starts("us-iso-") {
            Partition("aws-iso")
        } else if starts("eusc-") {
            Partition("aws-eusc")
        } else {
            Partition("aws")
        }
    }
}

/// A partition's name, such as `aws` or `aws-us-gov`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Partition(&'static str);

impl Partition {
    /// Returns the name, as the second part of an ARN has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl FromStr for Region {
    type Err = RegionError;

    fn from_str(text: &str) -> Result<Self, RegionError> {
        let parts: Vec<&str> = text.split('-').collect();
        let well_formed = match parts.as_slice() {
            [area, middle @ .., number] => {
                area.len() >= 2
                    && !middle.is_empty()
                    && std::iter::once(area)
                        .chain(middle)
                        .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase()))
                    && !number.is_empty()
                    && number.chars().all(|c| c.is_ascii_digit())
            }
            _ => false,
        };
        if well_formed { Ok(Self(text.to_owned())) } else { Err(RegionError(text.to_owned())) }
    }
}

impl TryFrom<String> for Region {
    type Error = RegionError;

    fn try_from(text: String) -> Result<Self, RegionError> {
        text.parse()
    }
}

impl From<Region> for String {
    fn from(region: Region) -> Self {
        region.0
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_tells_the_partition() {
        for (name, partition) in [
            ("us-west-2", "aws"),
            ("us-gov-west-1", "aws-us-gov"),
            ("us-iso-east-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eusc-de-east-1", "aws-eusc"),
            ("cn-north-1", "aws-cn"),
        ] {
            assert_eq!(name.parse::<Region>().unwrap().partition().as_str(), partition, "{name}");
        }
    }

    #[test]
    fn what_cannot_be_a_region_is_refused() {
        for name in ["", "us", "us-west", "US-WEST-2", "us-west-2a", "us west 2", "us--2", "-west-2", "münchen-1"] {
            assert!(name.parse::<Region>().is_err(), "{name:?}");
        }
    }
}
