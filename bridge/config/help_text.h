#pragma once

#include <string>

namespace sluice {

// What --help prints, made from the table of options.
std::string HelpText();

// The README's table of settings, in Markdown, made from the same table.
std::string SettingsTable();

}  // namespace sluice
