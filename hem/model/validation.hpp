// What is wrong with an input: a list of entries in pydantic's words, one per fault, in the order in which they were found.
//
// `validation_errors` collects at most 100 entries; `validation_error` is the exception of the throwing forms (`from_json`);
// `value_error` is what a model's own `validate` and `check<>` throw.
#pragma once

#include "hem/model/json.hpp"
#include "hem/model/json_writer.hpp"

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace hem {

struct validation_error_entry {
    std::string type;             // "missing", "int_parsing", …
    json loc = json::array();     // ["body", "items", 0, "price"]
    std::string msg;              // "Field required"
    std::optional<json> input{};  // the wrong piece; absent when its text would be longer than 4 KiB
    json ctx{};                   // null when the type has none
};

class validation_errors {
public:
    static constexpr std::size_t limit = 100;

    // False, and the entry is dropped, once `limit` entries are there.
    bool add(validation_error_entry entry);
    bool empty() const noexcept { return entries_.empty(); }
    bool full() const noexcept { return entries_.size() >= limit; }
    std::size_t size() const noexcept { return entries_.size(); }
    const std::vector<validation_error_entry>& entries() const noexcept { return entries_; }
    const validation_error_entry& operator[](std::size_t index) const { return entries_.at(index); }
    auto begin() const noexcept { return entries_.begin(); }
    auto end() const noexcept { return entries_.end(); }
    void append(const validation_errors& others);
    // True when the text was not JSON: one entry of type json_invalid stands alone.
    bool is_json_invalid() const noexcept;

    // FastAPI's list `[{"type":…,"loc":…,"msg":…,"input":…,"ctx":…}, …]`; the 422 body is {"detail": this}.
    void write_to(json_writer& out) const;
    json to_json() const;
    // For people: `body.items[0].price: Field required; …`
    std::string describe() const;

private:
    std::vector<validation_error_entry> entries_;
};

class validation_error : public std::runtime_error {
public:
    explicit validation_error(validation_errors errors) : std::runtime_error(errors.describe()), errors_(std::move(errors)) {}
    const validation_errors& errors() const noexcept { return errors_; }

private:
    validation_errors errors_;
};

// Thrown by a model's `static void validate(const T&)` and by `check<fn>`; becomes an entry `Value error, <text>`.
class value_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

}  // namespace hem
