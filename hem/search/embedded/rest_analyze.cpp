// The endpoint of analysis: the tokens that an analyzer, a field or a chain of components makes of a text.
#include "hem/search/embedded/rest_detail.hpp"

namespace hem::search::embedded {

namespace {

using detail::text_of;

}  // namespace

rest_response analyze_text(rest_call& call) {
    call.allow({"analyzer", "field", "text", "index"});
    const json body = call.body();
    std::shared_ptr<const index_schema> schema;
    if (!call.index.empty())
        schema = call.parts.indices.one(call.index).schema;
    else
        schema = index_schema::make(normalize_settings({}), {});
    std::string name = call.param_or("analyzer", "");
    std::string field = call.param_or("field", "");
    std::vector<std::string> texts;
    if (const std::string* text = call.param("text")) texts.push_back(*text);
    analyzer_definition custom;
    bool is_custom = false;
    const auto components = [](const json& value) {
        std::vector<analysis_component> out;
        const auto one = [&](const json& from) {
            if (from.is_string()) {
                out.push_back({from.as_string(), {}});
                return;
            }
            analysis_component made;
            for (const auto& [key, option] : from.items()) {
                if (key == "type") {
                    made.type = text_of(option);
                    continue;
                }
                std::vector<std::string> values;
                if (option.is_array())
                    for (const json& each : option.elements()) values.push_back(text_of(each));
                else
                    values.push_back(text_of(option));
                made.options.emplace_back(key, std::move(values));
            }
            out.push_back(std::move(made));
        };
        if (value.is_array())
            for (const json& each : value.elements()) one(each);
        else
            one(value);
        return out;
    };
    for (const auto& [key, value] : body.items()) {
        if (key == "analyzer")
            name = text_of(value);
        else if (key == "field")
            field = text_of(value);
        else if (key == "text") {
            if (value.is_array())
                for (const json& one : value.elements()) texts.push_back(text_of(one));
            else
                texts.push_back(text_of(value));
        } else if (key == "tokenizer") {
            custom.tokenizer = components(value).front();
            is_custom = true;
        } else if (key == "filter")
            custom.filters = components(value);
        else if (key == "char_filter")
            custom.char_filters = components(value);
        else if (key == "normalizer")
            name = text_of(value);
        else if (key == "explain" || key == "attributes")
            throw unsupported("[" + key + "] of _analyze");
        else
            throw rest_error(400, "x_content_parse_exception", "[1:1] [analyze_request] unknown field [" + key + "]");
    }
    if (texts.empty()) throw validation_fault({"text is missing"});
    const analyzer* with = nullptr;
    std::unique_ptr<analyzer> made;
    std::uint32_t gap = call.index.empty() ? 0 : default_position_increment_gap;
    if (is_custom || !custom.filters.empty()) {
        if (!is_custom) custom.tokenizer = {"keyword", {}};
        custom.name = "__custom__";
        try {
            made = std::make_unique<analyzer>(custom);
        } catch (const analysis_error& fault) {
            throw illegal_argument(fault.what());
        }
        with = made.get();
    } else if (!name.empty()) {
        with = schema->analyzers->find(name);
        if (with == nullptr)
            throw illegal_argument(call.index.empty() ? "failed to find global analyzer [" + name + "]"
                                                      : "failed to find analyzer [" + name + "]");
    } else if (!field.empty()) {
        const mapped_field* mapped = schema->fields.find(field);
        if (mapped != nullptr && mapped->type == field_type::text) {
            with = schema->analyzers->find(mapped->analyzer);
            gap = mapped->position_increment_gap;
        } else if (mapped != nullptr && mapped->type == field_type::keyword) {
            with = schema->analyzers->find(mapped->normalizer.empty() ? "keyword" : mapped->normalizer);
        } else if (mapped != nullptr)
            throw illegal_argument("Can't process field [" + field + "], Analysis requests are only supported on tokenized fields");
    }
    if (with == nullptr) with = schema->analyzers->find("standard");
    json tokens = json::array();
    std::uint32_t position = 0;
    std::uint32_t offset = 0;
    for (const std::string& text : texts) {
        std::uint32_t last = 0;
        bool any = false;
        const std::vector<owned_token> found = with->tokens(text);
        for (const owned_token& token : found) {
            tokens.push_back(json::object({{"token", token.text},
                                           {"start_offset", token.start_utf16 + offset},
                                           {"end_offset", token.end_utf16 + offset},
                                           {"type", to_string(token.type)},
                                           {"position", token.position + position}}));
            if (token.position_length > 1) tokens.elements().back().set("positionLength", token.position_length);
            last = token.position;
            any = true;
        }
        std::uint32_t units = 0;
        for (const char c : text)
            if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) units += static_cast<unsigned char>(c) >= 0xF0 ? 2 : 1;
        offset += units + 1;
        position += (any ? last + 1 : 0) + gap;
    }
    return answer(200, json::object({{"tokens", std::move(tokens)}}));
}

}  // namespace hem::search::embedded
