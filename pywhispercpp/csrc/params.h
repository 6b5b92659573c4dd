// Params: whisper_full_params together with the memory its pointers point to.
#pragma once

#include <whisper.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pwc {

// Rules of a grammar, checked in Python (grammar.py), and the pointers to them that whisper.cpp takes.
struct Grammar {
    std::vector<std::vector<whisper_grammar_element>> rules;
    std::vector<const whisper_grammar_element *> pointers;
    size_t start = 0;
};

struct Params {
    explicit Params(int strategy);

    // The raw struct with every pointer aimed at this object's own memory: valid while this object lives unchanged.
    // Nothing else may fill the pointers, so that a copied Params never points into the one it was copied from.
    whisper_full_params view() const;

    whisper_full_params raw;
    std::optional<std::string> language;
    std::optional<std::string> initial_prompt;
    std::optional<std::string> suppress_regex;
    std::optional<std::string> vad_model_path;
    std::optional<std::vector<whisper_token>> prompt_tokens;
    std::optional<std::string> grammar_text;  // as it was given; `grammar` is what whisper.cpp gets
    std::string grammar_rule = "root";
    std::shared_ptr<const Grammar> grammar;  // nullptr for none
};

}  // namespace pwc
