#pragma once

#include <string>

namespace sluice {

// What --help prints, made from the table of options.
std::string HelpText();

// The README's tables, of settings and of the keys of a rule, in Markdown, made
// from the same tables.
std::string SettingsTable();

}  // namespace sluice
