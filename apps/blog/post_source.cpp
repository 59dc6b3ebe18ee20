#include "apps/blog/post_source.hpp"

#include "apps/blog/bulk_upload.hpp"
#include "apps/blog/front_matter.hpp"
#include "apps/blog/item_splitter.hpp"
#include "apps/blog/post_files.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <map>

namespace blog {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t files_per_batch = 200;

class folder_source final : public post_source {
public:
    folder_source(const fs::path& folder, post_file_options options)
        : folder_(folder), options_(std::move(options)), files_(find_post_files(folder, options_)) {}

    post_batch next() override {
        post_batch batch;
        for (std::size_t i = 0; i < files_per_batch && at_ < files_.size(); ++i) read(files_[at_++], batch);
        batch.seen = at_;
        batch.last = at_ == files_.size();
        return batch;
    }
    std::optional<std::size_t> total() const noexcept override { return files_.size(); }

private:
    void read(const post_file& file, post_batch& batch) {
        std::string where = file.path.lexically_relative(folder_).string();
        try {
            const auto post = read_post_file(file, options_);
            if (!post) {
                ++batch.drafts;
                return;
            }
            const auto [first, is_new] = ids_.emplace(post->id, where);
            if (!is_new) {
                throw import_error(fmt::format("has the same id '{}' as {}; give it a slug of its own", post->id, first->second));
            }
            auto checked = check_post(to_json_line(*post), moment());
            if (!checked) throw import_error(checked.error());
            batch.posts.push_back({std::move(where), std::move(*checked)});
        } catch (const import_error& error) {
            batch.unreadable.push_back({std::move(where), error.what()});
        }
    }

    fs::path folder_;
    post_file_options options_;
    std::vector<post_file> files_;
    std::size_t at_ = 0;
    std::map<std::string, std::string> ids_;
};

class lines_source final : public post_source {
public:
    explicit lines_source(std::string name) : name_(std::move(name)), file_(name_ == "-" ? stdin : std::fopen(name_.c_str(), "rbe")) {
        if (file_ == nullptr) throw import_error(fmt::format("cannot open {}: {}", name_, std::strerror(errno)));
    }
    ~lines_source() override {
        if (file_ != stdin) std::fclose(file_);
    }
    lines_source(const lines_source&) = delete;
    lines_source& operator=(const lines_source&) = delete;

    post_batch next() override {
        post_batch batch;
        const moment now = std::chrono::system_clock::now();
        std::size_t bytes = 0;
        while (batch.posts.size() < batch_items && bytes < batch_bytes && !batch.last) {
            if (const auto item = items_.next()) {
                bytes += item->size();
                take(*item, now, batch);
            } else {
                batch.last = !read_more(batch);
            }
        }
        batch.seen = count_;
        return batch;
    }
    std::optional<std::size_t> total() const noexcept override { return {}; }

private:
    std::string place(std::uint64_t number) const { return fmt::format("{}, post {}", name_ == "-" ? "standard input" : name_, number); }

    void take(std::string_view item, moment now, post_batch& batch) {
        ++count_;
        auto checked = check_post(item, now);
        if (checked) {
            batch.posts.push_back({place(count_), std::move(*checked)});
        } else {
            batch.unreadable.push_back({place(count_), std::move(checked.error())});
        }
    }

    // False when everything was read.
    bool read_more(post_batch& batch) {
        if (finished_) {
            if (!items_.error().empty()) {
                batch.unreadable.push_back(
                    {place(count_ + 1), fmt::format("byte {}: {}; what follows was not read", items_.error_position(), items_.error())});
            }
            return false;
        }
        std::vector<char> block(64 * 1024);
        const std::size_t got = std::fread(block.data(), 1, block.size(), file_);
        if (got == 0 && std::ferror(file_) != 0) throw import_error(fmt::format("cannot read {}: {}", name_, std::strerror(errno)));
        items_.feed({block.data(), got});
        if (got == 0) {
            items_.finish();
            finished_ = true;
        }
        return true;
    }

    std::string name_;
    std::FILE* file_;
    item_splitter items_;
    std::uint64_t count_ = 0;
    bool finished_ = false;
};

}  // namespace

std::unique_ptr<post_source> open_post_source(const options& chosen) {
    std::error_code ignored;
    if (fs::is_directory(chosen.source, ignored)) {
        return std::make_unique<folder_source>(chosen.source,
                                               post_file_options{.drafts = chosen.drafts, .unknown_author = chosen.unknown_author});
    }
    return std::make_unique<lines_source>(chosen.source);
}

}  // namespace blog
