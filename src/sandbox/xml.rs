//! Building XML for the query protocol of STS and IAM.
//!
//! Names are fixed in the code, values are escaped here; a control character that XML 1.0 cannot carry becomes
//! U+FFFD.

use quick_xml::escape::escape;

/// XML that is being written.
#[derive(Debug, Default)]
pub(super) struct Xml(String);

impl Xml {
    /// Writes an element around what a closure writes.
    pub(super) fn element(&mut self, name: &str, content: impl FnOnce(&mut Self)) -> &mut Self {
        self.tag("<", name);
        content(self);
        self.tag("</", name)
    }

    /// Writes an element with a text.
    pub(super) fn leaf(&mut self, name: &str, text: &str) -> &mut Self {
        let clean = |c: char| if c.is_control() && !matches!(c, '\t' | '\n' | '\r') { '\u{fffd}' } else { c };
        let text: String = text.chars().map(clean).collect();
        self.element(name, |xml| xml.0.push_str(&escape(&*text)))
    }

    /// Writes an element with a text, if there is one.
    pub(super) fn optional(&mut self, name: &str, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.leaf(name, text),
            None => self,
        }
    }

    /// Writes a list as the query protocol has it: each item in a `member` element.
    pub(super) fn list<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        self.element(name, |xml| {
            for item in items {
                xml.element("member", |xml| write(xml, item));
            }
        })
    }

    /// Writes a list of texts.
    pub(super) fn texts<'a>(&mut self, name: &str, items: impl IntoIterator<Item = &'a str>) -> &mut Self {
        self.element(name, |xml| {
            for item in items {
                xml.leaf("member", item);
            }
        })
    }

    /// Ends with a document of one root element in a namespace.
    pub(super) fn document(root: &str, namespace: &str, content: impl FnOnce(&mut Self)) -> String {
        let mut xml = Self::default();
        content(&mut xml);
        format!("<{root} xmlns=\"{namespace}\">{}</{root}>\n", xml.0)
    }

    fn tag(&mut self, open: &str, name: &str) -> &mut Self {
        self.0.push_str(open);
        self.0.push_str(name);
        self.0.push('>');
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped() {
        let document = Xml::document("R", "urn:x", |xml| {
            xml.leaf("A", "<a href=\"x\">&\u{1b}").optional("B", None).texts("L", ["1", "2"]);
        });
        assert_eq!(
            document,
            "<R xmlns=\"urn:x\"><A>&lt;a href=&quot;x&quot;&gt;&amp;\u{fffd}</A><L><member>1</member><member>2</member></L></R>\n"
        );
    }
}
