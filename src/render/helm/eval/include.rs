//! Templates as functions: `include`, and `tpl` with definitions that end with it.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::format;
use super::super::string::{Text, find};
use super::super::template::TemplateError;
use super::super::value::{Data, Value};
use super::{Evaluator, Failure, no_such_template, without_no_value};

/// A template that includes itself more often than this is refused, as in Helm.
const MAX_INCLUDES: usize = 1000;

/// Texts given to `tpl` from within texts given to `tpl`, deeper than this, are refused. Helm has no limit, and crashes.
const MAX_TPL: usize = 1000;

impl Evaluator<'_, '_> {
    pub(super) fn include(&mut self, values: &[Value]) -> Result<Value, Failure> {
        let name = values
            .first()
            .and_then(Value::as_text)
            .map(|text| text.lossy().into_owned())
            .unwrap_or_default();
        let Some(definition) = self.lookup(&name) else {
            return Err(Box::new(no_such_template(&name)));
        };
        let count = self
            .included
            .entry(Arc::clone(&definition.name))
            .or_default();
        if *count > MAX_INCLUDES {
            return Err(Box::new(TemplateError::words(format!(
                "rendering template has a nested reference name: {name}: unable to execute template"
            ))));
        }
        *count += 1;
        let dot = argument_as_dot(values);
        let text = self.output_of(&definition, &dot)?;
        if let Some(count) = self.included.get_mut(&definition.name) {
            *count -= 1;
        }
        Ok(text.into())
    }

    pub(super) fn tpl(&mut self, values: &[Value]) -> Result<Value, Failure> {
        let text = values
            .first()
            .and_then(Value::as_text)
            .cloned()
            .unwrap_or_else(Text::empty);
        // Most texts that are given to tpl hold no action at all.
        if find(text.as_bytes(), b"{{", 0).is_none() {
            self.spend_bytes(text.len())?;
            return Ok(without_no_value(&text, self.context).into());
        }
        if self.overlays.len() >= MAX_TPL {
            return Err(Box::new(TemplateError::words("tpl is nested too deeply")));
        }
        let definitions = match self.set.parse_text(&text, self.context.origins) {
            Ok((definitions, is_new)) => {
                let tree = definitions.first().map(|main| &main.tree);
                let bytes = tree.filter(|_| is_new).map_or(0, |tree| tree.memory());
                if let Err(error) = self.context.spend_memory(bytes) {
                    return self.error(error.message);
                }
                definitions
            }
            Err(error) => {
                let words = format!(
                    "cannot parse template {}: ",
                    format::quote_lossless(text.as_bytes())
                );
                return Err(Box::new(TemplateError::parse(error, None).wrap(words)));
            }
        };
        let Some((main, defined)) = definitions.split_first() else {
            return Ok(Text::empty().into());
        };
        let mut overlay = HashMap::default();
        for definition in defined {
            let is_empty = definition.tree.is_empty_list(definition.root);
            if !(is_empty && self.lookup(&definition.name).is_some()) {
                overlay.insert(Arc::clone(&definition.name), definition.clone());
            }
        }
        self.overlays.push(overlay);
        let dot = argument_as_dot(values);
        let output = self.output_of(main, &dot);
        self.overlays.pop();
        match output {
            Ok(output) => {
                let clean = without_no_value(&output, self.context);
                Ok(clean.already_under(self.control).into())
            }
            Err(error) => Err(Box::new(error.wrap(format!(
                "error during tpl function execution for {}: ",
                format::quote_lossless(text.as_bytes())
            )))),
        }
    }
}

/// The second argument of `include` and `tpl` as the dot of what they execute: a nil is no value there.
fn argument_as_dot(values: &[Value]) -> Value {
    let mut dot = values.get(1).cloned().unwrap_or_default();
    if matches!(dot.data, Data::Nil) {
        dot.data = Data::Absent;
    }
    dot
}
